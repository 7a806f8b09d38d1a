/* SPDX-License-Identifier: Apache-2.0 */
/* hello.c: the smallest program that uses the library, as C and as C++. */
#include <krarup.h>

#include <stdio.h>

int main(void)
{
        printf("krarup %s\n", kr_version());
        return kr_err_name(KR_OK) ? 0 : 1;
}
