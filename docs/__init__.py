"""What is written about Greetline, and the programs that make its pictures and pages."""
