// Memory of tensors on the processor.
#pragma once

namespace hwaso {

// From now on tensors on the processor lie in blocks of large regions, for as long as the process lives.
void use_tensor_memory();

}  // namespace hwaso
