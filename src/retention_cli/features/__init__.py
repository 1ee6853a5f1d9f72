"""What is fitted outside SQL and kept beside its snapshot: repeat buying (BG/NBD) and spending (Gamma-Gamma).

numpy and scipy are needed to fit, and only here; predictions are SQL over the orders with the parameters bound.
"""
