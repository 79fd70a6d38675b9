#!/usr/bin/env python3
"""A framework small enough to read: it keeps the prompts it was given as notes, and counts their words.

stepwell starts it in the run's workspace with an environment of its own. It asks no model; a real framework would call
the URL in OPENAI_BASE_URL, where every call is metered.
"""
import argparse
import os
import pathlib
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--prompt-file", required=True)
parser.add_argument("--step", required=True)
arguments = parser.parse_args()

prompt = pathlib.Path(arguments.prompt_file).read_text(encoding="utf-8")
notes = pathlib.Path("notes")
notes.mkdir(exist_ok=True)
(notes / f"step_{arguments.step}.txt").write_text(prompt, encoding="utf-8")
words = sum(len(note.read_text(encoding="utf-8").split()) for note in notes.iterdir())
print(f"{len(list(notes.iterdir()))} notes, {words} words, style {os.environ['SCRIBE_STYLE']}")
print("every line of stdout and stderr is kept", file=sys.stderr)
