// Reports to Python the files that the uploader refuses because they exceed `data.most` bytes, so that the message appears
// in place of the answer. It also passes pasted pictures to the uploader.
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
