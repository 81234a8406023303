/* gild abi: what a file promises to those who link with it. */
#ifndef GILD_ABI_COMMAND_H
#define GILD_ABI_COMMAND_H

/* Runs `gild abi ...`; returns the exit code. */
int abi_command(int argc, char **argv);

#endif
