"""The built-in interpreter: reads this domain's English by rules, without a language model."""
