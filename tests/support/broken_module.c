/* A PKCS#11 module that misbehaves in C_GetFunctionList, as CPX_TEST_FAULT says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned long C_GetFunctionList(void **list)
{
    const char *fault = getenv("CPX_TEST_FAULT");
    *list = NULL;
    if (fault == NULL)
        return 5; /* CKR_GENERAL_ERROR */
    if (strcmp(fault, "segv") == 0)
        *(volatile int *)list[0] = 1;
    if (strcmp(fault, "abort") == 0)
        abort();
    if (strcmp(fault, "exit") == 0)
        exit(7);
    if (strcmp(fault, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(fault, "chatter") == 0) {
        puts("garbage on standard output");
        fflush(stdout);
    }
    return 5;
}
