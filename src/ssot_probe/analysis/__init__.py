"""Judgement: recorded facts in, findings out; nothing here looks at a live interpreter."""
