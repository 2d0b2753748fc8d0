"""What tests of the live half share: child processes, their recordings, a receiver of OTLP."""
