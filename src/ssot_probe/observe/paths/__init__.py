"""The ears for watched paths: what is to be deleted is listened to, code by code."""
