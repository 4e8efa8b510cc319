"""Poses to judgement: measures, repetitions, form. No pixels, no files but exercise files."""
