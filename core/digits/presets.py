"""The presets: named sets of training settings.

Four of them are known small digit networks, each in two forms. "as stated" has the settings that its author states;
"made good" has the same network with another schedule, regularisation and all 60,000 training images.
`python -m analytics.studies.reproduce` measures both. A comment marks each value that a source does not state.
"""

from core.digits.config import Config

DEFAULT = Config(
    preset="default", hidden=(1024, 1024, 1024), lr=1e-3, weight_decay=0.01, batch_size=256, epochs=36, keep="last",
    label_smoothing=0.03, elastic=2.0, elastic_sigma=5.0, rotation=12, scale=0.12, shear=0.15, shift=1.0, thickness=0.3,
    ornament=0.25,
)

CHAMPION = DEFAULT.replace(
    preset="champion", hidden=(1536, 1024, 1024), batch_norm=True, lr=2e-3, weight_decay=0.05, batch_size=512,
    epochs=200, ema=0.999, elastic=1.75, elastic_sigma=6.0, shift=0.5, thickness=0.25, synthetic=0.14, negatives=0.08,
)

# The shortest training to a good network: mild deformations, few epochs (analytics/benchmark/__main__.py).
SPRINT = DEFAULT.replace(
    preset="sprint", batch_norm=True, lr=3e-3, weight_decay=0.02, epochs=10, elastic=1.0, rotation=8, scale=0.08,
    shear=0.1, thickness=0.0, ornament=0.0,
)

# The pair reader of numbers (core/digits/pairs). No label smoothing: its probabilities are weighed in a lattice.
PAIRS = CHAMPION.replace(preset="pairs", hidden=(1280, 1024), epochs=120, ema=0.998, elastic=1.5, ornament=0.2,
                         negatives=0.0, label_smoothing=0.0)

AS_STATED = {
    # Widths are ours: the source states "three ReLU layers". Early stopping uses validation, not the test set.
    "emotion-mlp": Config(preset="emotion-mlp", hidden=(256, 128, 64), gate=True, optimizer="sgd", momentum=0.9,
                          lr=0.01, schedule="constant", warmup=0, l2=1e-3, batch_size=64, epochs=100, patience=8),
    # Decay rate, momentum, batch and L2 are ours: the source states none.
    "logistic-mlp": Config(preset="logistic-mlp", hidden=(256,), activation="sigmoid", init="xavier", gate=False,
                           input_range=(0.01, 1.0), optimizer="sgd", momentum=0.9, lr=0.1, schedule="step",
                           step_factor=0.5, step_epochs=10, warmup=0, l2=1e-4, batch_size=64, epochs=40, patience=8),
    # Optimiser and length are ours: plain SGD, the usual choice for such networks.
    "plain-ann": Config(preset="plain-ann", hidden=(128,), gate=False, optimizer="sgd", momentum=0.0, lr=0.1,
                        schedule="constant", warmup=0, batch_size=32, epochs=30),
    "digit-app": Config(preset="digit-app", hidden=(512,), gate=False, optimizer="adam", lr=1e-3, schedule="constant",
                        warmup=0, batch_size=64, epochs=40, keep="last"),
}

OURS = dict(optimizer="adamw", schedule="cosine", warmup=0.1, momentum=0.9, l2=0.0, keep="last", patience=0,
            train_on="all")
MADE_GOOD = {
    "emotion-mlp": AS_STATED["emotion-mlp"].replace(**OURS, lr=2e-3, weight_decay=0.05, dropout=0.1, input_dropout=0.1,
                                                batch_size=128, epochs=60),
    "logistic-mlp": AS_STATED["logistic-mlp"].replace(**OURS, lr=5e-3, weight_decay=0.02, input_dropout=0.1,
                                                      batch_size=128, epochs=40),
    "plain-ann": AS_STATED["plain-ann"].replace(**OURS, lr=3e-3, weight_decay=0.05, input_dropout=0.1, batch_size=128,
                                            epochs=40),
    "digit-app": AS_STATED["digit-app"].replace(**OURS, lr=2e-3, weight_decay=0.05, dropout=0.2, input_dropout=0.2,
                                            batch_size=128, epochs=40),
}

PRESETS = {"default": DEFAULT, "champion": CHAMPION, "sprint": SPRINT, "pairs": PAIRS, **MADE_GOOD,
           **{f"{name}-as-stated": config for name, config in AS_STATED.items()}}
