// canary: conventions name the file after the one thing it holds
export const thing = 1;
