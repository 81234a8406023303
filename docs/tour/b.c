/* In the archive libtour.a; nobody calls it. */
int thrice(int number)
{
	return number + number + number;
}
