"""HRNet: keypoints learned from pictures, measured by the field's own metric, and taken to where it runs."""
