"""Recordings on disk: reading and writing keypoints through time."""
