"""Talks to CRMs: vendor words come in, our words go out; never decides a score."""
