"""Sentences for the text tab: six examples, and eight landmarks of the map."""

EXAMPLES = (  # the first is read at the first visit
    "I'm not sad any more, I feel great!",
    "I am furious that they lied to us again.",
    "The train to the coast leaves at nine.",
    "The start was awful, but we won in the end.",
    "Something was breathing behind the door.",
    "Das ist mir heute leider zu viel geworden.",
)

FIELD = (  # (label on the map, sentence)
    ("victory", "They scored in the last second and the whole stadium roared with joy!"),
    ("newborn", "Our daughter was born tonight and she is perfect."),
    ("garden", "The garden was quiet and the roses smelled sweet."),
    ("form", "Please fill in both sides of the form."),
    ("rain", "It rained all week and nobody came."),
    ("grief", "My father died last month and I miss him terribly."),
    ("attack", "Soldiers attacked the village and killed dozens of people."),
    ("alarm", "Run, the building is on fire!"),
)
