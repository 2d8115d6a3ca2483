// Who taught you that? The training images that argued most for an answer, and against it.
function showTeachers(apart, part) {
  const { teachers } = apart.data, stack = make("div", { className: "stack" });
  part.append(stack);
  stack.append(chips(apart, "The answer", teachers.of, (digit) => apart.ask({ of: digit })), quiet(teachers.words));
  if (teachers.fault) stack.append(make("p", { role: "alert", textContent: teachers.fault }));
  if (teachers.progress !== null) {
    const done = `Reading the training images: ${percent(teachers.progress)}.`;
    stack.append(make("p", { role: "status", textContent: done }),
      make("progress", { max: 1, value: teachers.progress, aria_label: "Training images read" }));
  } else if (!teachers.for) {
    stack.append(make("div", {}, make("button", { type: "button", textContent: "Read the training images once",
      data_stays: "build", onclick: () => apart.ask({ build: true }) })), quiet(teachers.price));
  } else {
    const tiles = (list, name) => make("div", { className: "tiles wide", data_testid: name },
      ...list.map((one) => make("figure", {}, picture(decodeBytes(one.image), one.words),
        make("figcaption", {}, make("b", { textContent: `a ${one.label}` }), make("br"), one.value))));
    stack.append(block(`Argued most for a ${teachers.of}`, tiles(teachers.for, "for")),
      block(`Argued most against a ${teachers.of}`, tiles(teachers.against, "against")), quiet(teachers.note));
  }
}
