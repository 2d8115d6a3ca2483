// The picture of a number with a button over each place; sends the clicked place to Python.
export default function ({ data, setStateValue, parentElement }) {
  const picture = parentElement.querySelector("img"), boxes = parentElement.querySelector(".boxes");
  picture.src = data.uri;
  picture.alt = data.alt;
  const focused = [...boxes.children].indexOf(parentElement.querySelector(".boxes button:focus"));
  boxes.replaceChildren(...data.boxes.map((box, place) => {
    const button = Object.assign(document.createElement("button"), { type: "button", title: box.label });
    for (const side of ["top", "left", "width", "height"]) button.style[side] = `${box[side]}%`;
    button.style.setProperty("--emotion", box.colour);
    button.setAttribute("aria-label", `${box.text}; ${box.label}`);
    button.setAttribute("aria-pressed", place === data.chosen);
    button.onclick = () => setStateValue("place", { of: data.of, place });
    return button;
  }));
  boxes.append(...data.left_over.map((box) => {
    const frame = document.createElement("span");
    for (const side of ["top", "left", "width", "height"]) frame.style[side] = `${box[side]}%`;
    return frame;
  }));
  boxes.children[focused]?.focus();
}
