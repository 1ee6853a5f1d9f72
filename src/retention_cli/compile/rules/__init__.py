"""Rules: what is right by the letter and yet will not do what its author means, found without data and without a clock."""
