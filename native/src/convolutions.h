// Whether oneDNN's convolutions are right on this machine.
#pragma once

namespace hwaso {

// Compares oneDNN's convolutions with libtorch's own, and turns oneDNN off for the process where they differ.
void check_convolutions();

}  // namespace hwaso
