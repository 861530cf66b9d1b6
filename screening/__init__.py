"""The rules of screening, pure: what votes come to, and the PRISMA flow that follows. No disk, no clock."""
