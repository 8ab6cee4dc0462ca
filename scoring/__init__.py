"""What a score means: a marketer's model and one person's facts go in, an explained score comes out."""
