// Tells Python which files the uploader will not send because they are larger than `data.most` bytes: the widget says so
// itself, but beside itself and not where the answer stands. And gives it pictures that are pasted.
let most, tell, told = false;

function look(files, place) {
  if (!place || !files?.length) return;
  const large = [...files].filter((file) => file.size > most).map(({ name, size }) => [name, size]);
  if (large.length || told) tell("large", large);
  told = large.length > 0;
}

const place = (event) => event.target.closest?.(".st-key-upload_place");
document.addEventListener("change", (event) => look(event.target.files, place(event)), true);
document.addEventListener("drop", (event) => look(event.dataTransfer?.files, place(event)), true);

document.addEventListener("paste", (event) => {
  const chooser = document.querySelector(".st-key-upload_place input[type=file]");
  const files = [...(event.clipboardData?.files ?? [])];
  const seen = document.querySelector(".st-key-upload_place")?.getClientRects().length;
  if (!chooser || !files.length || !seen) return;
  event.preventDefault();
  const hand = new DataTransfer();
  for (const file of files) hand.items.add(file);
  chooser.files = hand.files;
  chooser.dispatchEvent(new Event("change", { bubbles: true }));
}, true);

export default function ({ data, setStateValue }) {
  [most, tell] = [data.most, setStateValue];
}
