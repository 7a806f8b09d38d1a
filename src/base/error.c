/* SPDX-License-Identifier: Apache-2.0 */
/* error.c: error codes as names and sentences, and the library's version. */
#include <krarup/base.h>

const char *kr_err_name(kr_err err)
{
        switch (err) {
#define ERR_NAME(symbol, value, name, text)                                              \
        case symbol:                                                                     \
                return name;
                KR_ERR_MAP(ERR_NAME)
#undef ERR_NAME
        }
        return "unknown";
}

const char *kr_strerror(kr_err err)
{
        switch (err) {
#define ERR_TEXT(symbol, value, name, text)                                              \
        case symbol:                                                                     \
                return text;
                KR_ERR_MAP(ERR_TEXT)
#undef ERR_TEXT
        }
        return "unknown error";
}

const char *kr_version(void)
{
        return KR_VERSION;
}
