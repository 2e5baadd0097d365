"""Who may hold, who must wait, and whose it is: investors, screening, cases, omnibus accounts, monitoring."""
