"""Models made from simulation: the one room that may import torch. Needs the extra ``train``."""
