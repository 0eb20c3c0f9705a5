"""The questions: what is known of pain, responders, durations of benefit and safety. Selection in, tables out."""
