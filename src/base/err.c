/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: names and sentences of error codes, and the version of the library. */
#include <krarup/base.h>

KR_API const char *kr_err_name(kr_err err)
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

KR_API const char *kr_strerror(kr_err err)
{
        switch (err) {
#define ERR_TEXT(symbol, value, name, text)                                              \
        case symbol:                                                                     \
                return text;
                KR_ERR_MAP(ERR_TEXT)
#undef ERR_TEXT
        }
        return "an error code that this library does not know";
}

KR_API const char *kr_version(void)
{
        return KR_VERSION;
}
