/* In the archive libtour.a; hello.c calls it. */
int twice(int number)
{
	return number + number;
}
