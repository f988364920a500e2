/**
 * ONNX operators that treat every px alone: activations, arithmetic, batch normalisation.
 * @module
 */
import type { ActivationNode, BinaryNode, Tensor } from "../graph";
import type { Data, NodeBody, Operation, Translator } from "./translation";

type Extra = Omit<ActivationNode, "op" | "kind" | "name" | "inputs" | "output">;

/** An activation; `extra` reads its attributes. */
export function activation(
  kind: ActivationNode["kind"],
  extra: (operation: Operation) => Extra = () => ({}),
): Translator {
  return (operation) => operation.emit({ op: "activation", kind, ...extra(operation) });
}

/** `Clip`: limits are attributes up to opset 10, inputs after. */
export const clip = activation("clip", (operation) => {
  const limit = (name: string, position: number, fallback: number): number =>
    operation.opset < 11
      ? operation.float(name, fallback)
      : (operation.numbers(position, `the limit ${name}`)?.[0] ?? fallback);
  return { range: [limit("min", 1, -Infinity), limit("max", 2, Infinity)] };
});

/** `Selu` with the constants of its definition. */
export const selu: Translator = (operation: Operation) => {
  const usual = Math.abs(operation.float("alpha", 1.67326319217) - 1.67326319217) < 1e-6;
  const scaled = Math.abs(operation.float("gamma", 1.05070102214) - 1.05070102214) < 1e-6;
  if (!usual || !scaled) operation.fail("only the usual constants of Selu are supported");
  operation.emit({ op: "activation", kind: "selu" });
};

/** `Softmax` over channels; before opset 13 axis 1 meant all axes from there on. */
export const softmax: Translator = (operation: Operation) => {
  const axis = operation.axis(operation.int("axis", operation.opset < 13 ? 1 : -1));
  if (axis !== 1) operation.fail(`only softmax over channels (axis 1) is supported, found axis ${axis}`);
  if (operation.opset < 13) {
    operation.fail(`softmax over axis 1 of opset ${operation.opset} includes the pixels of the whole image`);
  }
  operation.emit({ op: "activation", kind: "softmax" });
};

/** A constant as one number per channel; its other axes must have length 1. */
function perChannel(operation: Operation, constant: Tensor, channels: number): Float32Array {
  const rank = operation.spatialRank + 2;
  const { shape, data } = constant;
  const aligned = [...Array.from({ length: Math.max(0, rank - shape.length) }, () => 1), ...shape];
  const single = aligned.length === rank && aligned.every((n, axis) => n === 1 || axis === 1);
  if (!single || (aligned[1] !== 1 && aligned[1] !== channels)) {
    operation.fail(`a constant of shape [${shape.join(", ")}] is not one number per channel of ${channels}`);
  }
  return data.length === channels ? data : new Float32Array(channels).fill(data[0]);
}

/** `PRelu`. */
export const prelu: Translator = (operation: Operation) => {
  const { channels } = operation.data();
  const slope = operation.weights(1, "slope") ?? operation.fail("needs a slope, found none");
  const data = perChannel(operation, slope, channels);
  operation.emit({ op: "activation", kind: "prelu", slope: { shape: [channels], data } });
};

function affine(scale: Float32Array, shift: Float32Array): NodeBody {
  return {
    op: "affine",
    scale: { shape: [scale.length], data: scale },
    shift: { shape: [shift.length], data: shift },
  };
}

/** `BatchNormalization` at inference. */
export const batchNormalization: Translator = (operation: Operation) => {
  if (operation.int("training_mode", 0) !== 0)
    operation.fail("statistics of the batch are not supported, only stored ones");
  const { channels } = operation.data();
  const names = ["scale", "bias", "mean", "variance"];
  const [scale, bias, mean, variance] = names.map((name, i) => {
    const { data, shape } = operation.weights(i + 1, name) ?? operation.fail(`needs a ${name}, found none`);
    if (data.length !== channels)
      operation.fail(`${name} should have ${channels} numbers, found [${shape.join(", ")}]`);
    return data;
  });
  const epsilon = operation.float("epsilon", 1e-5);
  const factor = Float64Array.from(scale, (s, c) => s / Math.sqrt(variance[c] + epsilon));
  const shift = Float32Array.from(bias, (b, c) => b - mean[c] * factor[c]);
  operation.emit(affine(Float32Array.from(factor), shift));
};

type Arithmetic = "add" | "subtract" | "multiply" | "divide";

function withConstant(operation: Operation, kind: Arithmetic, constantFirst: boolean): void {
  const data = operation.data(constantFirst ? 1 : 0);
  const constant = operation.weights(constantFirst ? 0 : 1, "constant")!;
  const c = perChannel(operation, constant, data.channels);
  const filled = (value: number): Float32Array => new Float32Array(data.channels).fill(value);
  const bodies: Record<Arithmetic, () => NodeBody> = {
    add: () => affine(filled(1), c),
    subtract: () =>
      constantFirst
        ? affine(filled(-1), c)
        : affine(
            filled(1),
            c.map((x) => -x),
          ),
    multiply: () => affine(c, filled(0)),
    divide: () => {
      if (constantFirst) operation.fail("dividing a constant by the image is not supported");
      return affine(
        c.map((x) => 1 / x),
        filled(0),
      );
    },
  };
  operation.emit(bodies[kind](), [data]);
}

/** `Add`, `Sub`, `Mul`, `Div` of two tensors, or of a tensor and a constant per channel. */
export function arithmetic(kind: Arithmetic): Translator {
  return (operation: Operation) => {
    const [a, b] = operation.inputs;
    if (operation.inputs.length !== 2 || a === undefined || b === undefined) {
      operation.fail(`should read two tensors, found ${operation.inputs.length}`);
    }
    if (a.kind === "folded") withConstant(operation, kind, true);
    else if (b.kind === "folded") withConstant(operation, kind, false);
    else operation.emit({ op: "binary", kind }, [a, b]);
  };
}

/** Combines two tensors; of a constant, `limit` makes a range to clip to. */
function combined(operation: Operation, kind: BinaryNode["kind"], pair: readonly [Data, number]): NodeBody {
  const value = operation.numbers(pair[1], "constant") ?? [];
  if (value.some((x) => x !== value[0])) operation.fail("a constant with different numbers is not supported");
  const { channels } = pair[0];
  if (kind === "add")
    return affine(new Float32Array(channels).fill(1), new Float32Array(channels).fill(value[0]));
  const range = kind === "maximum" ? ([value[0], Infinity] as const) : ([-Infinity, value[0]] as const);
  return { op: "activation", kind: "clip", range };
}

/** `Max`, `Min`, `Sum` of any number of tensors and numbers. */
export function variadic(kind: "maximum" | "minimum" | "add"): Translator {
  return (operation: Operation) => {
    const data = operation.inputs.filter((input) => input?.kind === "data");
    const constants = operation.inputs.flatMap((input, i) => (input?.kind === "folded" ? [i] : []));
    if (data.length === 0) operation.fail("should read a tensor that depends on the image");
    const steps: ((x: Data) => readonly [NodeBody, readonly Data[]])[] = [
      ...data.slice(1).map((other) => (x: Data) => [{ op: "binary", kind }, [x, other]] as const),
      ...constants.map((position) => (x: Data) => [combined(operation, kind, [x, position]), [x]] as const),
    ];
    if (steps.length === 0) {
      operation.alias(data[0]);
      return;
    }
    let x = data[0];
    for (const step of steps.slice(0, -1)) x = operation.through(...step(x));
    operation.emit(...steps[steps.length - 1](x));
  };
}

/** `Pow` with exponent 1, 2 or 0.5. */
export const power: Translator = (operation: Operation) => {
  const data = operation.data();
  const exponent = operation.numbers(1, "exponent") ?? [];
  if (exponent.length !== 1) operation.fail("only one exponent is supported");
  if (exponent[0] === 1) operation.alias(data);
  else if (exponent[0] === 2) operation.emit({ op: "binary", kind: "multiply" }, [data, data]);
  else if (exponent[0] === 0.5) operation.emit({ op: "activation", kind: "sqrt" });
  else operation.fail(`only the exponents 0.5, 1 and 2 are supported, found ${exponent[0]}`);
};

/** `Neg`. */
export const negate: Translator = (operation: Operation) => {
  const { channels } = operation.data();
  operation.emit(affine(new Float32Array(channels).fill(-1), new Float32Array(channels)));
};

/** `HardSwish`: `x · hardSigmoid(x)` with slope 1/6. */
export const hardSwish: Translator = (operation: Operation) => {
  const data = operation.data();
  const gate = operation.through({ op: "activation", kind: "hardSigmoid", alpha: 1 / 6, beta: 0.5 }, [data]);
  operation.emit({ op: "binary", kind: "multiply" }, [data, gate]);
};
