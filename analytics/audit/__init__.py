# How the shipped model was chosen, wherever its test figures are stated
SELECTION = ("Recipe and seed were selected on validation, calibration and development pictures, with test figures in "
             "view; measured on the test set.")
