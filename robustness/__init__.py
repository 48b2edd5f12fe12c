"""Adversarial robustness tests for multiple-choice reading comprehension models."""
