// Tells Python which files the uploader will not send because they are larger than `data.most` bytes: the widget says so
// itself, but beside itself and not where the answer stands.
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

export default function ({ data, setStateValue }) {
  [most, tell] = [data.most, setStateValue];
}
