// Whether oneDNN's convolutions are right on this machine.
#include "convolutions.h"
#include "door.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

using namespace hwaso;

namespace {

// The largest difference that oneDNN's answer had, in parts of the largest number; 0 where oneDNN is right, or is not used.
double difference = 0;

// Sums of 216 products in another order differ by some 1e-7; a wrong layout of weights by tenths.
constexpr double kTolerance = 1e-3;

// Channels that fill no block of 8 or 16: oneDNN lays their weights out with empty places. Some releases (3.7.2 among them) write
// other numbers there on some processors.
double check(int64_t channels) {
  auto options = at::TensorOptions().dtype(at::kFloat);
  auto image = at::arange(2 * channels * 16, options).remainder(7.0).sub(3.0).view({2, channels, 4, 4});
  auto weights = at::arange(16 * channels * 9, options).remainder(11.0).sub(5.0).view({16, channels, 3, 3});
  auto convolve = [&] { return at::conv2d(image, weights, {}, 1, 1); };
  auto& context = at::globalContext();
  auto asked = convolve();
  context.setUserEnabledMkldnn(false);
  auto wanted = convolve();
  context.setUserEnabledMkldnn(true);
  auto found = (asked - wanted).abs().max().item<double>() / wanted.abs().max().item<double>();
  return found <= kTolerance ? 0 : found == found ? found : 1;
}

}  // namespace

void hwaso::check_convolutions() {
  auto& context = at::globalContext();
  if (!at::hasMKLDNN() || !context.userEnabledMkldnn()) return;
  auto threads = at::get_num_threads();
  // One thread: nothing starts a team of threads before the process has said how many it wants.
  at::set_num_threads(1);
  guarded([] {
    for (int64_t channels : {17, 24}) difference = std::max(difference, check(channels));
  });
  at::set_num_threads(threads);
  // A check that failed, for want of memory, says nothing of oneDNN.
  context.setUserEnabledMkldnn(difference == 0);
}

HW_API double hw_convolution_fault() { return difference; }
