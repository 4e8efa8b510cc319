"""Pixels to poses: films and cameras in, poses out, drawings on top."""
