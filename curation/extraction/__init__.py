"""What was extracted from the reports: study files now; forms and dual entry join later."""
