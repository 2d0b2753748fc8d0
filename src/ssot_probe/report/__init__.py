"""Reports: a judgement becomes a plain view model, and that becomes text or JSON; nothing is judged here."""
