/* bcryptprimitives.dll for Wine 8, which lacks it: the one function that LibCST's native part (Rust's standard library) asks for.
 * https://learn.microsoft.com/windows/win32/seccng/processprng; SystemFunction036 is RtlGenRandom of advapi32. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    while (size > 0) {
        ULONG part = size > 0x10000000 ? 0x10000000 : (ULONG)size;
        if (!SystemFunction036(data, part))
            return FALSE;
        data += part;
        size -= part;
    }
    return TRUE;
}
