/* The program of docs/tour.md. hello.s is what gcc makes of it. */
int puts(const char *text); /* in libc.so.6 */
int twice(int number);      /* in a.c */

int answer = 21;
const char *greeting = "Hello from gild!";

static void greet(void)
{
	puts(greeting);
}

int main(void)
{
	answer = twice(answer);
	greet();
	return answer != 42;
}
