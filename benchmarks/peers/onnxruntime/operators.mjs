// ONNX Runtime's answers to the cases of the operator tests (tests/Hwaso.Runtime.Tests/Operators): node operators.mjs CASES ANSWERS.
// CASES: their number; of each the model's length and bytes, its inputs' number, of each whether integers, rank, sizes, bytes and those.
// ANSWERS: of each case the outputs' number, of each rank, sizes, count and 32-bit numbers; minus a length and a text where it is refused.
import fs from 'node:fs';
import ort from 'onnxruntime-node';

const cases = fs.readFileSync(process.argv[2]);
const answers = [];
let at = 0;

function int() {
    const value = cases.readInt32LE(at);
    at += 4;
    return value;
}

function bytes(count) {
    const copy = Uint8Array.prototype.slice.call(cases, at, at + count);
    at += count;
    return copy;
}

function input() {
    const integers = int() === 1;
    const shape = Array.from({ length: int() }, int);
    const data = bytes(int()).buffer;
    return integers ? new ort.Tensor('int64', new BigInt64Array(data), shape) : new ort.Tensor('float32', new Float32Array(data), shape);
}

function ints(...values) {
    answers.push(Buffer.from(Int32Array.from(values).buffer));
}

for (let count = int(); count > 0; count--) {
    const model = bytes(int());
    const inputs = Array.from({ length: int() }, input);
    try {
        // As the nodes are, nothing fused.
        const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'disabled', logSeverityLevel: 4 });
        const outputs = await session.run(Object.fromEntries(session.inputNames.map((name, k) => [name, inputs[k]])));
        ints(session.outputNames.length);
        for (const name of session.outputNames) {
            const data = Float32Array.from(outputs[name].data, Number);
            ints(outputs[name].dims.length, ...outputs[name].dims, data.length);
            answers.push(Buffer.from(data.buffer));
        }
        await session.release();
    } catch (error) {
        const text = Buffer.from(String(error.message ?? error).split('\n')[0]);
        ints(-text.length);
        answers.push(text);
    }
}
fs.writeFileSync(process.argv[3], Buffer.concat(answers));
