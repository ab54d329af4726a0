// Any ATen operator by name, through the dispatcher.
#include "door.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

using namespace hwaso;

namespace {

enum class Kind { Tensor, TensorList, OptionalTensorList, Int, IntList, Float, FloatList, Bool, BoolList, Number, String, Device, Other };

struct Parameter {
  Kind kind;
  bool optional;
  int list_size;  // of int[2]: one number stands for two
  bool has_default;
  c10::IValue default_value;
  std::string name;
  std::string type;
};

// Of the commonest signatures the C++ function is called itself: no boxes, no stack, no further references to the arguments.
using Unary = at::Tensor(const at::Tensor&);
using Binary = at::Tensor(const at::Tensor&, const at::Tensor&);
using Scaled = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&);

template <typename F>
using Typed = std::optional<c10::TypedOperatorHandle<F>>;

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  std::string schema;
  Typed<Unary> unary;
  Typed<Binary> binary;
  Typed<Scaled> scaled;
  at::Scalar usual;  // the default of a scaled one's number
};

Kind kind_of(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::IntType: return Kind::Int;
    case c10::TypeKind::SymIntType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::NumberType: return Kind::Number;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    case c10::TypeKind::ListType: {
      auto element = type.containedType(0);
      if (element->kind() == c10::TypeKind::OptionalType) return Kind::OptionalTensorList;
      switch (kind_of(*element)) {
        case Kind::Tensor: return Kind::TensorList;
        case Kind::Int: return Kind::IntList;
        case Kind::Float: return Kind::FloatList;
        case Kind::Bool: return Kind::BoolList;
        default: return Kind::Other;
      }
    }
    default: return Kind::Other;
  }
}

Parameter parameter_of(const c10::Argument& argument) {
  Parameter p{Kind::Other, false, argument.N().value_or(0), argument.default_value().has_value(), {}, argument.name(), argument.type()->str()};
  auto type = argument.type();
  if (type->kind() == c10::TypeKind::OptionalType) {
    p.optional = true;
    type = type->containedType(0);
  }
  p.kind = kind_of(*type);
  if (p.has_default) p.default_value = *argument.default_value();
  return p;
}

[[noreturn]] void mismatch(const Operator& op, size_t index, const char* given) {
  const auto& p = op.parameters[index];
  throw std::invalid_argument("argument " + std::to_string(index + 1) + " '" + p.name + "' wants " + p.type + ", got " + given);
}

const char* name_of(Tag tag) {
  switch (tag) {
    case Tag::None: return "null";
    case Tag::Tensor: return "a tensor";
    case Tag::Int: return "an int";
    case Tag::Double: return "a double";
    case Tag::Bool: return "a bool";
    case Tag::IntList: return "a list of ints";
    case Tag::TensorList: return "a list of tensors";
    case Tag::DoubleList: return "a list of doubles";
    case Tag::String: return "a string";
    case Tag::BoolList: return "a list of bools";
    case Tag::Device: return "a device";
    case Tag::Default: return "nothing";
  }
  return "a value of unknown kind";
}

c10::IValue list_of_ints(const Operator& op, size_t index, const Value& v) {
  const auto& p = op.parameters[index];
  c10::List<int64_t> list;
  if (v.tag == Tag::IntList) {
    list.reserve(v.count);
    for (int32_t k = 0; k < v.count; k++) list.push_back(static_cast<int64_t*>(v.p)[k]);
  } else if (v.tag == Tag::Int && p.list_size > 0) {
    for (int k = 0; k < p.list_size; k++) list.push_back(v.i);
  } else {
    mismatch(op, index, name_of(v.tag));
  }
  return list;
}

c10::IValue list_of_tensors(const Operator& op, size_t index, const Value& v) {
  if (v.tag != Tag::TensorList) mismatch(op, index, name_of(v.tag));
  auto* handles = static_cast<Handle*>(v.p);
  if (op.parameters[index].kind == Kind::OptionalTensorList) {
    c10::List<c10::optional<at::Tensor>> list;
    for (int32_t k = 0; k < v.count; k++) list.push_back(handles[k] ? c10::optional<at::Tensor>(borrow(handles[k])) : c10::nullopt);
    return list;
  }
  c10::List<at::Tensor> list;
  list.reserve(v.count);
  for (int32_t k = 0; k < v.count; k++) list.push_back(borrow(handles[k]));
  return list;
}

c10::IValue ivalue_of(const Operator& op, size_t index, const Value& v) {
  const auto& p = op.parameters[index];
  if (v.tag == Tag::Default) {
    if (p.has_default) return p.default_value;
    if (p.optional) return {};
    mismatch(op, index, "nothing, and it has no default");
  }
  if (v.tag == Tag::None) {
    if (p.optional) return {};
    mismatch(op, index, "null");
  }
  switch (p.kind) {
    case Kind::Tensor:
      if (v.tag == Tag::Tensor) return borrow(static_cast<Handle>(v.p));
      break;
    case Kind::TensorList:
    case Kind::OptionalTensorList: return list_of_tensors(op, index, v);
    case Kind::Int:
      if (v.tag == Tag::Int) return v.i;
      if (v.tag == Tag::Bool) return static_cast<int64_t>(v.i != 0);
      break;
    case Kind::IntList: return list_of_ints(op, index, v);
    case Kind::Float:
      if (v.tag == Tag::Double) return v.d;
      if (v.tag == Tag::Int) return static_cast<double>(v.i);
      break;
    case Kind::FloatList:
      if (v.tag == Tag::DoubleList) {
        c10::List<double> list;
        for (int32_t k = 0; k < v.count; k++) list.push_back(static_cast<double*>(v.p)[k]);
        return list;
      }
      break;
    case Kind::Bool:
      if (v.tag == Tag::Bool) return v.i != 0;
      break;
    case Kind::BoolList:
      if (v.tag == Tag::BoolList) {
        c10::List<bool> list;
        for (int32_t k = 0; k < v.count; k++) list.push_back(static_cast<uint8_t*>(v.p)[k] != 0);
        return list;
      }
      break;
    case Kind::Number:
      if (v.tag == Tag::Int) return v.i;
      if (v.tag == Tag::Double) return v.d;
      if (v.tag == Tag::Bool) return v.i != 0;
      break;
    case Kind::String:
      if (v.tag == Tag::String) return std::string(static_cast<const char*>(v.p), v.count);
      break;
    case Kind::Device:
      if (v.tag == Tag::Device) return c10::Device(static_cast<c10::DeviceType>(v.i >> 8), static_cast<c10::DeviceIndex>(static_cast<int8_t>(v.i & 0xff)));
      break;
    case Kind::Other: break;
  }
  mismatch(op, index, name_of(v.tag));
}

// Whether an argument or result is a tensor that is not written.
bool is_plain_tensor(const c10::Argument& argument) {
  return argument.type()->kind() == c10::TypeKind::TensorType && !(argument.alias_info() && argument.alias_info()->isWrite());
}

template <typename F>
Typed<F> typed(const c10::OperatorHandle& handle) {
  try {
    return handle.typed<F>();
  } catch (const c10::Error&) {
    return {};  // the C++ function is another one than the schema's types suggest
  }
}

void find_direct(Operator& op) {
  const auto& schema = op.handle.schema();
  const auto& arguments = schema.arguments();
  if (schema.returns().size() != 1 || !is_plain_tensor(schema.returns()[0])) return;
  size_t tensors = 0;
  while (tensors < arguments.size() && is_plain_tensor(arguments[tensors])) tensors++;
  if (arguments.size() == 1 && tensors == 1) op.unary = typed<Unary>(op.handle);
  if (arguments.size() == 2 && tensors == 2) op.binary = typed<Binary>(op.handle);
  if (arguments.size() == 3 && tensors == 2 && op.parameters[2].kind == Kind::Number && !op.parameters[2].optional && op.parameters[2].has_default) {
    op.scaled = typed<Scaled>(op.handle);
    op.usual = op.parameters[2].default_value.toScalar();
  }
}

// A handle's tensor without a reference of its own.
class Lent {
 public:
  explicit Lent(Handle handle) : tensor_(TensorRef::reclaim(handle)) {}
  explicit Lent(const Value& v) : Lent(static_cast<Handle>(v.p)) {}
  Lent(const Lent&) = delete;
  ~Lent() { tensor_.unsafeReleaseTensorImpl(); }
  operator const at::Tensor&() const { return tensor_; }

 private:
  at::Tensor tensor_;
};

bool are_tensors(const Value* arguments, int count) {
  for (int k = 0; k < count; k++)
    if (arguments[k].tag != Tag::Tensor || !arguments[k].p) return false;
  return true;
}

at::Scalar scalar_of(const Value& v, const at::Scalar& usual) {
  switch (v.tag) {
    case Tag::Int: return v.i;
    case Tag::Double: return v.d;
    case Tag::Bool: return v.i != 0;
    default: return usual;
  }
}

bool is_number_or_default(const Value& v) { return v.tag == Tag::Int || v.tag == Tag::Double || v.tag == Tag::Bool || v.tag == Tag::Default; }

// Whatever is not as usual takes the other way, which finds the words for it.
bool call_directly(const Operator& op, const Value* arguments, int count, Value& result) {
  at::Tensor out;
  if (op.binary && count == 2 && are_tensors(arguments, 2)) {
    out = op.binary->call(Lent(arguments[0]), Lent(arguments[1]));
  } else if (op.scaled && (count == 2 || (count == 3 && is_number_or_default(arguments[2]))) && are_tensors(arguments, 2)) {
    out = op.scaled->call(Lent(arguments[0]), Lent(arguments[1]), count == 3 ? scalar_of(arguments[2], op.usual) : op.usual);
  } else if (op.unary && count == 1 && are_tensors(arguments, 1)) {
    out = op.unary->call(Lent(arguments[0]));
  } else {
    return false;
  }
  result = {out.defined() ? Tag::Tensor : Tag::None, 0, {0}};
  result.p = release(std::move(out));
  return true;
}

template <typename T>
T* copy_out(size_t count) {
  auto* block = static_cast<T*>(std::malloc(sizeof(T) * (count ? count : 1)));
  if (!block) throw std::bad_alloc();
  return block;
}

Value value_of(c10::IValue&& result) {
  Value v{Tag::None, 0, {0}};
  if (result.isTensor()) {
    v.tag = Tag::Tensor;
    v.p = release(std::move(result).toTensor());
  } else if (result.isInt()) {
    v.tag = Tag::Int;
    v.i = result.toInt();
  } else if (result.isDouble()) {
    v.tag = Tag::Double;
    v.d = result.toDouble();
  } else if (result.isBool()) {
    v.tag = Tag::Bool;
    v.i = result.toBool();
  } else if (result.isTensorList()) {
    auto list = std::move(result).toTensorVector();
    auto* handles = copy_out<Handle>(list.size());
    for (size_t k = 0; k < list.size(); k++) handles[k] = release(std::move(list[k]));
    v.tag = Tag::TensorList;
    v.count = static_cast<int32_t>(list.size());
    v.p = handles;
  } else if (result.isIntList()) {
    auto list = result.toIntVector();
    auto* numbers = copy_out<int64_t>(list.size());
    std::copy(list.begin(), list.end(), numbers);
    v.tag = Tag::IntList;
    v.count = static_cast<int32_t>(list.size());
    v.p = numbers;
  } else if (result.isNone()) {
    v.tag = Tag::None;
  } else {
    throw std::runtime_error("a result of type " + result.type()->str() + " cannot pass the door");
  }
  return v;
}

}  // namespace

// Looks an operator up once; the handle lives as long as the process.
HW_API int hw_operator(const char* name, const char* overload, Operator** op) {
  return guarded([&] {
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    auto made = std::make_unique<Operator>(Operator{handle, {}, {}, {}, {}, {}, {}});
    std::ostringstream text;
    text << handle.schema();
    made->schema = text.str();
    for (const auto& argument : handle.schema().arguments()) made->parameters.push_back(parameter_of(argument));
    find_direct(*made);
    *op = made.release();
  });
}

HW_API const char* hw_operator_schema(const Operator* op) { return op->schema.c_str(); }

// Every registered schema, one a line, in malloc'ed memory.
HW_API int hw_schemas(char** text) {
  return guarded([&] {
    std::ostringstream all;
    auto& dispatcher = c10::Dispatcher::singleton();
    for (const auto& name : dispatcher.getAllOpNames()) {
      auto op = dispatcher.findSchema(name);
      if (op) all << op->schema() << '\n';
    }
    auto copy = all.str();
    *text = copy_out<char>(copy.size() + 1);
    std::memcpy(*text, copy.c_str(), copy.size() + 1);
  });
}

// Fewer arguments than parameters: the rest take their defaults. results has room for max_results.
HW_API int hw_call(const Operator* op, const Value* arguments, int count, Value* results, int max_results, int* result_count) {
  return guarded([&] {
    if (static_cast<size_t>(count) > op->parameters.size())
      throw std::invalid_argument(std::to_string(count) + " arguments were given, the operator has " + std::to_string(op->parameters.size()));
    if (max_results > 0 && call_directly(*op, arguments, count, results[0])) {
      *result_count = 1;
      return;
    }
    torch::jit::Stack stack;
    stack.reserve(op->parameters.size());
    const Value absent{Tag::Default, 0, {0}};
    for (size_t k = 0; k < op->parameters.size(); k++)
      stack.push_back(ivalue_of(*op, k, k < static_cast<size_t>(count) ? arguments[k] : absent));
    op->handle.callBoxed(stack);
    if (stack.size() > static_cast<size_t>(max_results))
      throw std::runtime_error("the operator returned " + std::to_string(stack.size()) + " values, room was made for " + std::to_string(max_results));
    for (size_t k = 0; k < stack.size(); k++) results[k] = value_of(std::move(stack[k]));
    *result_count = static_cast<int>(stack.size());
  });
}

// How many tensors hw_call_tensors takes; 0 where it does not serve.
HW_API int hw_operator_tensors(const Operator* op) { return op->binary || op->scaled ? 2 : op->unary ? 1 : 0; }

// One tensor of one or two others, which are not null; further arguments take their defaults. b is null where one is wanted.
HW_API int hw_call_tensors(const Operator* op, Handle a, Handle b, Handle* result) {
  return guarded([&] {
    *result = release(op->binary ? op->binary->call(Lent(a), Lent(b))
                      : op->scaled ? op->scaled->call(Lent(a), Lent(b), op->usual)
                                   : op->unary->call(Lent(a)));
  });
}
