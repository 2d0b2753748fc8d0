"""What every family of workers needs: the service that they run, what it counted, and what was recorded."""
