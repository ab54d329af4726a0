// ONNX Runtime's answers for `make agreement`: a request a line of JSON {model, inputs: [{file, shape}], output}, the answers in OUTPUT.0, …
import fs from 'node:fs';
import readline from 'node:readline';
import ort from 'onnxruntime-node';

async function answer({ model, inputs, output }) {
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2, interOpNumThreads: 1, logSeverityLevel: 3 });
    const feeds = Object.fromEntries(inputs.map(({ file, shape }, k) => {
        const bytes = fs.readFileSync(file);
        return [session.inputNames[k], new ort.Tensor('float32', new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), shape)];
    }));
    const answers = await session.run(feeds);
    const shapes = session.outputNames.map((name, k) => {
        const data = Float32Array.from(answers[name].data, Number);
        fs.writeFileSync(`${output}.${k}`, Buffer.from(data.buffer));
        return answers[name].dims;
    });
    await session.release();
    return { shapes };
}

console.log(JSON.stringify({ hello: ort.env.versions.node ?? ort.env.versions.common }));
for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply;
    try {
        reply = await answer(JSON.parse(line));
    } catch (error) {
        reply = { error: String(error.message ?? error).split('\n')[0] };
    }
    console.log(JSON.stringify(reply));
}
