"""Colours of the audit's printed and interactive figures, beside the app's own in `deployment.theme`."""

# Ten colours that stay apart for colour-blind readers: M. A. Petroff, "Accessible Color Sequences for Data
# Visualization", 2021 (arXiv:2107.02270). Figures also write the digit itself, never the colour alone.
DIGITS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")
VERMILION, GREY = "#D55E00", "#8c8c8c"
HEAT = "cividis"
