"""What became of promises, counted for managers: exact, by day, and every figure names its tickets."""
