"""The demo story's promises: office hours, policies, agreements, equipment, rotas and who is woken."""
