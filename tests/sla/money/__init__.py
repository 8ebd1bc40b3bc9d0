"""Money: facts, rates, fees, hours on call, figures and the script that works them out anew."""
